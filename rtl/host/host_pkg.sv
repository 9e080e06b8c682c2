/// Responses of AXI4 and what of the memory port becomes which.
package host_pkg;

  localparam logic [1:0] RespOkay = 2'b00;
  localparam logic [1:0] RespSlverr = 2'b10;
  localparam logic [1:0] RespDecerr = 2'b11;

  // Of the outcome of a request at the memory port. The worse of two responses is their OR.
  function automatic logic [1:0] response(input logic [1:0] error);
    case (error)
      memory_port_pkg::ResponseErrorOk: response = RespOkay;
      memory_port_pkg::ResponseErrorDecode: response = RespDecerr;
      default: response = RespSlverr;
    endcase
  endfunction

endpackage
